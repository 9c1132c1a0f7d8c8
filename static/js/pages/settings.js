/** The settings: what happens to one meanwhile is told here too. */
import { tellOfAdding } from '../added.js';
import { createConnection } from '../connection.js';
import { watchServer } from '../link-guard.js';

const connection = createConnection();
watchServer(connection);
tellOfAdding(connection);
connection.start();
