/** A server of NATS for tests, where there is one. */
export { NatsServer, noServer } from "../../../examples/cluster/nats_server.ts";
