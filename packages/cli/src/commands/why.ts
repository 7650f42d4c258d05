import { existsSync } from "node:fs";
import { openStore, type DecisionRun, type HistoryEntry, type Settings } from "@ballast/keeper";
import {
  formatAccount,
  getAccount,
  getLot,
  getOutlook,
  marketName,
  parseAccount,
  type AccountView,
  type LotView,
  type Offer,
  type Outlook,
} from "@ballast/sdk";
import type { OwnCommand } from "../command.js";
import { cash, health, price, size } from "../format.js";
import { list, paragraphs, table } from "../report.js";
import { readTold, withConfig, type Told } from "../settings.js";

/** Entries of each kind that are told. */
const MOST = 20;

interface LegAnswer {
  readonly name: string;
  readonly outlook: Outlook;
  readonly lot: LotView;
}

interface Remembered {
  readonly decisions: DecisionRun[];
  readonly history: HistoryEntry[];
  readonly backoffs: { strategy: string; failures: number; until: number }[];
}

/** What the ledger says, in one sentence with its numbers. */
export function verdictOf({ verdict, assessment: a, health: h, debt, debtCap }: AccountView): string {
  const [equity, needed] = [cash(a.marginEquity), cash(a.maintenance)];
  if (verdict === "Healthy") return `margin equity ${equity} covers maintenance ${needed}: health ${health(h)}`;
  if (verdict === "Guarded")
    return (
      `below maintenance at mark (${equity} of ${needed}), above it at the fast average ` +
      `(${cash(a.fastMarginEquity)} of ${cash(a.fastMaintenance)}): waits until that falls, or until ${cash((a.maintenance * 8n) / 10n)}`
    );
  if (verdict === "Overborrowed") return `owes ${cash(debt)} against spot, more than ${cash(debtCap)}`;
  const where = verdict === "Below" ? "at mark and at the fast average" : "by more than a fifth";
  return `liquidatable: margin equity ${equity} is below maintenance ${needed} ${where}: health ${health(h)}`;
}

async function legsOf({ client, deployment }: Told, view: AccountView): Promise<LegAnswer[]> {
  return Promise.all(
    view.legs.map(async ({ asset }) => {
      const one = { account: view.account, asset };
      const [outlook, lot] = await Promise.all([getOutlook(client, one), getLot(client, one)]);
      return { name: marketName(deployment, asset), outlook, lot };
    }),
  );
}

/** What keepers of the store decided and did; nothing where there is none. */
async function rememberedOf({ store: where }: Settings, account: bigint): Promise<Remembered | undefined> {
  if (!/^postgres(ql)?:/.test(where) && !existsSync(where.replace(/^sqlite:/, ""))) return undefined;
  const store = await openStore(where);
  try {
    const [decisions, history, all] = await Promise.all([
      store.decisions(account, MOST),
      store.history(account, MOST),
      store.backoffs(),
    ]);
    const own = all.filter((each) => each.account === account);
    return {
      decisions,
      history,
      backoffs: own.map(({ strategy, failures, until }) => ({ strategy, failures, until })),
    };
  } finally {
    await store.close();
  }
}

const offer = ({ size: n, reason, capacity }: Offer): string =>
  reason === "None" ? `${size(n)} (room ${cash(capacity)})` : reason;

const legRow = ({ name, outlook: o, lot }: LegAnswer): string[] => [
  ...[name, o.stage, offer(o.reduce), offer(o.auction), offer(o.absorb), offer(o.offset)],
  lot.lot.size === 0n ? "-" : `${size(lot.size)} at ${price(lot.price)}, premium ${cash(lot.premium)}`,
];

const outcomeOf = ({ outcome }: HistoryEntry): string => {
  if (outcome === undefined) return "on its way";
  if (outcome.kind === "included")
    return outcome.reverted ? `reverted in ${outcome.hash}` : `included in ${outcome.hash}`;
  return outcome.kind === "refused" ? `refused: ${outcome.error}` : outcome.kind;
};

function told(remembered: Remembered | undefined, where: string): string {
  if (remembered === undefined) return `no keeper has written to ${where}`;
  const { decisions, history, backoffs } = remembered;
  const parts = [
    decisions.length === 0
      ? "no keeper decided anything about it"
      : table(
          ["strategy", "reason", "blocks", "keeper", "detail"],
          decisions.map((d) => [d.strategy, d.reason, `${d.first}..${d.last}`, d.owner, d.detail]),
        ),
    history.length === 0
      ? "nothing was sent for it"
      : table(
          ["sent for", "nonce", "when", "outcome"],
          history.map((h) => [h.key.slice(0, 40), h.nonce, new Date(h.opened).toISOString(), outcomeOf(h)]),
        ),
    backoffs.length === 0
      ? ""
      : table(
          ["rests from", "failures", "until block"],
          backoffs.map((b) => [b.strategy, b.failures, b.until]),
        ),
  ];
  return paragraphs(...parts);
}

const LEG_HEAD = ["leg", "next", "reduce", "auction", "absorb", "offset", "lot"];

export const why: OwnCommand = {
  usage: "why <account>",
  summary: "why an account was not liquidated: the ledger, each stage, and what keepers decided",
  configure: (command) => {
    withConfig(command).addHelpText("after", "\n<account>: owner, owner/sub-id or the id itself");
  },
  async begin(surroundings, [id = ""], options) {
    const account = parseAccount(id);
    const setting = await readTold(options, surroundings);
    const view = await getAccount(setting.client, { account });
    const [legs, remembered] = await Promise.all([
      view.verdict === "Healthy" ? [] : legsOf(setting, view),
      rememberedOf(setting.settings, account),
    ]);
    const text = paragraphs(
      list([
        ["account", formatAccount(account)],
        ["verdict", view.verdict],
        ["because", verdictOf(view)],
      ]),
      legs.length === 0 ? "" : table(LEG_HEAD, legs.map(legRow)),
      told(remembered, setting.settings.store.replace(/\/\/[^@/]*@/, "//")),
    );
    const { verdict, assessment, health: h } = view;
    const json = { account: formatAccount(account), verdict, because: verdictOf(view), health: h, assessment };
    return { json: { ...json, legs, ...(remembered ?? { decisions: [], history: [], backoffs: [] }) }, text };
  },
};
