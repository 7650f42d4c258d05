import { examine, hasFailed, openStore, tryStore, type Check } from "@ballast/keeper";
import type { OwnCommand } from "../command.js";
import { Exit } from "../exits.js";
import { table } from "../report.js";
import { readTold, withConfig, type Told } from "../settings.js";

/** Everything that a keeper looks at before it begins. */
export function check({ settings, deployment, wallet }: Told): Promise<Check[]> {
  return examine({
    ...{ settings, deployment, wallet: wallet?.address },
    tryStore: async () => {
      const store = await openStore(settings.store);
      await tryStore(store).finally(() => store.close());
    },
  });
}

export const doctor: OwnCommand = {
  usage: "doctor",
  summary: "whether a keeper with these settings would work: nodes, contracts, wallet, store",
  configure: (command) => void withConfig(command),
  async begin(surroundings, _, options) {
    const checks = await check(await readTold(options, surroundings));
    const rows = checks.map(({ name, verdict, detail }) => [name, verdict, detail]);
    const ok = !hasFailed(checks);
    return {
      json: { ok, checks },
      text: table(["check", "verdict", "detail"], rows),
      code: ok ? Exit.ok : Exit.differs,
    };
  },
};
