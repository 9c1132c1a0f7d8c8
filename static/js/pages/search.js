/** The page of search in messages. */
import { showAdditions } from '../added-to-room.js';
import { completeNames } from '../completion.js';
import { createConnection } from '../connection.js';
import { watchServer } from '../link-guard.js';

const connection = createConnection();
watchServer(connection);
showAdditions(connection);
completeNames(document);
connection.start();
