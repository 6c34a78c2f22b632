/** `/api/flag` and `/api/flags`: what a user has said of episodes. */
import { flagCharactersMax, type Flags, readFlags, writeFlag } from "../episodes/flags.ts";
import { Parameters } from "../parameters.ts";
import type { FlagAnswer } from "../protocol.ts";
import { type Answer, json, type Route } from "../route.ts";

/** The one thing that the viewer writes: so it takes a header that no page of another origin can send. */
export const flagRoute: Route = {
  path: "/api/flag",
  answer(question) {
    const query = new Parameters(question, "keep the flag", ["store", "row", "flag"]);
    const { header } = question;
    if (header !== "flag") {
      throw query.refusal(`the header x-streamstore must be "flag", got ${JSON.stringify(header)}`, 403);
    }
    const store = query.store(question);
    const row = query.whole("row", 0, store.rowCount - 1);
    const flag = query.text("flag", flagCharactersMax);
    return answerOf(writeFlag(store, question.stores.path(query.whole("store")), row, flag));
  },
};

export const flagsRoute: Route = {
  path: "/api/flags",
  answer(question) {
    const query = new Parameters(question, "tell the flags", ["store"]);
    return answerOf(readFlags(query.store(question), question.stores.path(query.whole("store"))));
  },
};

function answerOf(flags: Flags): Answer {
  const sorted = Array.from(flags, ([row, flag]) => ({ row, flag })).sort((one, other) =>
    one.row - other.row
  );
  return json({ flags: sorted } satisfies FlagAnswer);
}
