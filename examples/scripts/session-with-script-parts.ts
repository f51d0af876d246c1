import { createSession, type EngineFunction, type Session, type ToolRegistry } from "turnwire/inference";
import { loadScript } from "turnwire/script";
import { readScript } from "./read-script.ts";

/**
 * A session of the product's own, with its engine and its tools, that takes a tenant's middleware and hooks. These run in
 * the tenant's VM; the session does not notice, but for their being asynchronous.
 */
export async function openSession(
  engine: EngineFunction,
  tools: ToolRegistry,
): Promise<{ readonly session: Session; readonly close: () => Promise<void> }> {
  const [redacting, retrying] = await Promise.all([
    loadScript({ source: readScript("redacting-middleware") }),
    loadScript({ source: readScript("retry-hook") }),
  ]);
  const { middlewares } = redacting;
  const { toolHooks } = retrying;
  return {
    session: createSession({ engine, tools, middlewares, toolHooks }),
    close: async () => void (await Promise.all([redacting.dispose(), retrying.dispose()])),
  };
}
