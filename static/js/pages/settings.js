/** The settings: what happens to one meanwhile is told here too. */
import { showAdditions } from '../added-to-room.js';
import { createConnection } from '../connection.js';
import { watchServer } from '../link-guard.js';

const connection = createConnection();
watchServer(connection);
showAdditions(connection);
connection.start();
