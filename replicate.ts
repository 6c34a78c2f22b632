/**
 * Replication: the rows of a store as messages in a log, NATS JetStream for instance, and stores elsewhere that become
 * the same by them. Every acknowledged step arrives once, whichever process is killed: the sender's store is the outbox,
 * and a replica's own rows are how far it has come. {@linkcode follow} shows both ends.
 *
 * @module
 */
export { send } from "./src/replicate/send.ts";
export type { SendGap, SendOptions, SendProgress } from "./src/replicate/send_options.ts";
export { follow } from "./src/replicate/follow.ts";
export type { FollowOptions, FollowProgress, FollowRefusal } from "./src/replicate/follow_options.ts";
export type { Follower, WatchOptions } from "./src/replicate/follower.ts";
export type { FollowReport } from "./src/replicate/watch.ts";
export type { FollowGap } from "./src/replicate/succession.ts";
export { natsLog, type NatsOptions } from "./src/replicate/nats.ts";
export type { LoggedMessage, LogWait, MessageLog } from "./src/replicate/log.ts";
