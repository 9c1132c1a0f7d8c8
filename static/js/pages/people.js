/** The admins' page: each role is saved where it stands. */
import { tellOfAdding } from '../added.js';
import { createConnection } from '../connection.js';
import { prepareInlineForms } from '../inline-forms.js';

const connection = createConnection();
prepareInlineForms();
tellOfAdding(connection);
connection.start();
