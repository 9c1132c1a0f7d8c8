/** The settings: what happens to one meanwhile is told here too. */
import { tellOfAdding } from '../added.js';
import { createConnection } from '../connection.js';

const connection = createConnection();
tellOfAdding(connection);
connection.start();
