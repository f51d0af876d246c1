import type { PlaygroundAgent } from "./playground-agent.ts";
import { pause } from "./pause.ts";
import { speak } from "./speak.ts";

export const FAILURE = "The model hung up in the middle of a sentence";

export const fails: PlaygroundAgent = {
  title: "Fails",
  about: "Breaks in the middle of its answer, with a message and a code.",
  example: "How does a failure look?",
  agent: {
    async *stream({ signal }) {
      yield* speak("So far all is well, but any moment now ", 60, signal);
      await pause(400, signal);
      throw Object.assign(new Error(FAILURE), { code: "model-hung-up" });
    },
  },
};
