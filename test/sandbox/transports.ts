import type { SandboxAccess } from "../../src/sandbox/index.ts";
import { createFakeBox } from "../support/orchestrator/fake-box.ts";
import type { Orchestrator } from "../support/orchestrator/orchestrator.ts";

/** The two ways to a sandbox. */
export const transports = ["HTTP", "SDK"] as const;
export type Transport = (typeof transports)[number];

export function accessBy(transport: Transport, { url, token }: Pick<Orchestrator, "url" | "token">): SandboxAccess {
  return transport === "HTTP" ? { url, token } : { box: createFakeBox({ url, token }) };
}
