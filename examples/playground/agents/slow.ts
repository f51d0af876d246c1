import { textDelta } from "turnwire";
import type { PlaygroundAgent } from "./playground-agent.ts";
import { pause } from "./pause.ts";
import { wordsOf } from "./speak.ts";

/** What it says, every time. */
export const SLOW_ANSWER = [
  "This answer takes its time, about twenty seconds, so that you can get in its way.",
  "Refresh the page: it picks up where it was.",
  "Open the same address in a second tab: both show the same words at the same moment.",
  "Pull the network cable, or let your laptop sleep: the page comes back by itself.",
  "Or find my process in the header, kill it without mercy, and start it again.",
  "Every few words I leave a checkpoint in a file,",
  "so the next process reads how far I had come and goes on from there.",
  "You will find no word said twice and none left out.",
].join(" ");

const WORDS_PER_CHECKPOINT = 4;

/** Goes on after a crash at its last checkpoint, rather than from the beginning. */
export const slow: PlaygroundAgent = {
  title: "Slow",
  about: "Takes twenty seconds, and survives whatever you do to it meanwhile.",
  example: "Take your time.",
  agent: {
    replay: "safe",
    async *stream(run) {
      const { checkpoint, signal } = run;
      const words = wordsOf(SLOW_ANSWER);
      for (let said = typeof checkpoint === "number" ? checkpoint : 0; said < words.length;) {
        await pause(200, signal);
        yield textDelta(words[said] ?? "");
        said++;
        if (said % WORDS_PER_CHECKPOINT === 0) await run.saveCheckpoint(said);
      }
    },
  },
};
