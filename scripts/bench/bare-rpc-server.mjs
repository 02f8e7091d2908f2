/**
 * The least that could serve a database: `ws`, `json-rpc-2.0` and `better-sqlite3`, with every update committed by itself. Arguments: the
 * database and a socket path. Prints a line when it listens; ends when its standard input does.
 */
import {createServer} from 'node:http';
import Database from 'better-sqlite3';
import {JSONRPCServer} from 'json-rpc-2.0';
import {WebSocketServer} from 'ws';

const [file = '', socketPath = ''] = process.argv.slice(2);
const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
const get = db.prepare('SELECT * FROM tests WHERE id = ?');
const update = db.prepare("UPDATE tests SET comment = ?, last_update = strftime('%s', 'now') WHERE id = ?");

const rpc = new JSONRPCServer();
rpc.addMethod('ping', () => ({pid: process.pid}));
rpc.addMethod('get', ({id}) => get.get(id));
rpc.addMethod('update', ({id, comment}) => update.run(comment, id).changes);

const http = createServer();
new WebSocketServer({server: http}).on('connection', (socket) => {
  socket.on('message', async (data) => {
    socket.send(JSON.stringify(await rpc.receiveJSON(String(data))));
  });
});
http.listen(socketPath, () => process.stdout.write('ready\n'));
process.stdin.on('end', () => process.exit(0)).resume();
