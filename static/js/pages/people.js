/** The admins' page: each role is saved where it stands. */
import { showAdditions } from '../added-to-room.js';
import { createConnection } from '../connection.js';
import { prepareInlineForms } from '../inline-forms.js';
import { watchServer } from '../link-guard.js';

const connection = createConnection();
watchServer(connection);
prepareInlineForms();
showAdditions(connection);
connection.start();
