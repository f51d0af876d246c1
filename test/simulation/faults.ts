import { LEASE_MS } from "./plan.ts";
import type { SimWorker } from "./sim-worker.ts";
import type { World } from "./world.ts";

/** A worker crashes, starts, stops or stalls, or time jumps; false when the plan has nothing of the kind. */
export function strikeFault(world: World): boolean {
  const { random, plan, workers } = world;
  const alive = workers.filter(({ crashed, stopping }) => !crashed && stopping !== "stopped");
  const worker = alive.length === 0 ? undefined : random.pick(alive);
  switch (random.below(5)) {
    case 0:
      if (!plan.crashes || worker === undefined) return false;
      crash(world, worker);
      return true;
    case 1: {
      if (alive.length >= (plan.alone ? 1 : 3)) return false;
      const dead = workers.filter(({ crashed, stopping }) => crashed || stopping === "stopped");
      const free = dead.filter(({ workerId }) => !alive.some((one) => one.workerId === workerId));
      const again = free.length > 0 && random.chance(0.6) ? random.pick(free).workerId : undefined;
      const added = world.addWorker(again);
      world.trace?.(`  ${added.name} starts as ${added.workerId}`);
      return true;
    }
    case 2:
      if (!plan.stops || worker === undefined || worker.stopping !== "no") return false;
      stopWorker(world, worker, random.pick([0, 100, 1000]));
      return true;
    case 3: {
      if (!plan.jumps) return false;
      const ms = random.pick([HALF_LEASE_MS, LEASE_MS, 2 * LEASE_MS]);
      world.trace?.(`  time jumps by ${ms} ms`);
      world.clock.now += ms;
      return true;
    }
    default:
      if (!plan.jumps || plan.alone || worker === undefined) return false;
      worker.stalled = !worker.stalled;
      world.trace?.(`  ${worker.name} ${worker.stalled ? "stalls" : "goes on"}`);
      return true;
  }
}

/** Mostly one that is in the middle of something, and often its leases lapse before anything else happens. */
function crash(world: World, any: SimWorker): void {
  const { random } = world;
  const busy = world.workers.filter(({ crashed, gates }) => !crashed && gates.length > 0);
  const worker = busy.length > 0 && random.chance(0.7) ? random.pick(busy) : any;
  world.trace?.(`  ${worker.name} crashes`);
  worker.crash();
  world.lookFailed(worker);
  if (random.chance(0.4)) world.clock.now += LEASE_MS;
  if (world.working.length === 0 && random.chance(0.7))
    world.addWorker(random.chance(0.5) ? worker.workerId : undefined);
}

const HALF_LEASE_MS = LEASE_MS / 2;

export function stopWorker(world: World, worker: SimWorker, graceMs: number): void {
  world.trace?.(`  ${worker.name} is stopped, graceMs ${graceMs}`);
  worker.stopping = "stopping";
  worker.engine.stop({ graceMs }).then(
    () => {
      worker.stopping = "stopped";
      world.trace?.(`    ${worker.name} has stopped`);
    },
    (error: unknown) => world.violate("stop", `${worker.name} could not be stopped: ${String(error)}`),
  );
}
