export type { AnswerInteraction } from "./interaction.ts";
export type { SandboxEndpoint } from "./http-transport.ts";
export type { SessionOf } from "./remote-session.ts";
export type { SandboxRetry } from "./retry-options.ts";
export { sandboxAgent, type SandboxAgentOptions } from "./sandbox-agent.ts";
export type { SandboxAccess, SandboxOptions } from "./sandbox-options.ts";
export { sandboxProducer, type SandboxProducerOptions } from "./sandbox-producer.ts";
export type {
  SandboxAnswer,
  SandboxBox,
  SandboxEvent,
  SandboxInputPart,
  SandboxPromptOptions,
  SandboxResult,
  SandboxSession,
} from "./sandbox-sdk.ts";
export { sandboxSubstrate } from "./sandbox-substrate.ts";
