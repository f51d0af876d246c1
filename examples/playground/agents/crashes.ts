import type { PlaygroundAgent } from "./playground-agent.ts";
import { pause } from "./pause.ts";
import { speak } from "./speak.ts";

/** Takes the whole process with it, and answers in the next one. */
export const crashes: PlaygroundAgent = {
  title: "Crashes",
  about: "Kills the server's process. Start it again: the answer goes on in this page.",
  example: "Crash, please.",
  agent: {
    replay: "safe",
    async *stream(run) {
      const { checkpoint, attempt, signal } = run;
      if (checkpoint === undefined) {
        yield* speak(`Process ${process.pid} says goodbye. Start the server again with npm start. `, 60, signal);
        await run.saveCheckpoint({ pid: process.pid });
      }
      // A crash after this checkpoint, whoever caused it, is the one that was asked for.
      if (attempt === 1) {
        await pause(800, signal);
        process.kill(process.pid, "SIGKILL");
        // The signal needs a moment; nothing may be said in it.
        await pause(60_000, signal);
      }
      yield* speak(
        `And here is process ${process.pid}, which read in a file how far the first one had come.`,
        60,
        signal,
      );
    },
  },
};
