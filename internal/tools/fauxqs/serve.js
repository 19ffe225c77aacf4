// Serves fauxqs: node serve.js HOST PORT. `make test-servers` copies this file
// into .tools/fauxqs, beside node_modules.
import { buildApp } from "fauxqs";
import { SqsStore } from "./node_modules/fauxqs/dist/sqs/sqsStore.js"; // not exported

const [host, port] = process.argv.slice(2);

// A store without a host gives each queue the address that its request came to.
// By default it is a name below "localhost", which not every machine resolves.
const sqsStore = new SqsStore();
sqsStore.host = "";
await buildApp({ logger: false, stores: { sqsStore } }).listen({ host, port: Number(port) });
