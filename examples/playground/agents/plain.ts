import type { PlaygroundAgent } from "./playground-agent.ts";
import { plainText, speak } from "./speak.ts";

export const plain: PlaygroundAgent = {
  title: "Plain",
  about: "Answers at once, and knows what was said before.",
  example: "What do you remember of our conversation?",
  agent: {
    replay: "safe",
    stream: ({ input, history, signal }) => {
      const earlier = history.filter(({ role }) => role === "user").map(({ content }) => `“${plainText(content)}”`);
      const memory =
        earlier.length === 0
          ? "This is where our conversation begins."
          : `Before that you said ${earlier.slice(-3).join(", then ")}.`;
      const answer = `You said “${plainText(input.message)}”. ${memory}`;
      return speak(answer, 45, signal);
    },
  },
};
