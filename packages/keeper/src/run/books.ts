// The mirror and what is watched in it. Both are begun anew when a snapshot cannot be read, or when the chain leaves behind
// more than can be undone: from the snapshot before, or from the first block.
import { access, rename, rm } from "node:fs/promises";
import { DamagedStore, FileStore, ReorgTooDeep, type Mirror, type Store } from "@ballast/mirror";
import { Watch } from "../book/watch.js";

const BEFORE = ".before";

/** The latest snapshot, and the one before it. */
export class Snapshots implements Store {
  private readonly latest: FileStore;
  private readonly before: FileStore;

  constructor(readonly name: string) {
    this.latest = new FileStore(name);
    this.before = new FileStore(name + BEFORE);
  }

  async save(lines: Iterable<string>): Promise<void> {
    if (await exists(this.latest.name)) await rename(this.latest.name, this.before.name);
    await this.latest.save(lines);
  }

  async load(): Promise<AsyncIterable<string> | undefined> {
    return (await exists(this.latest.name)) ? this.latest.load() : this.before.load();
  }

  /** Forgets the one that would be loaded. */
  async drop(): Promise<void> {
    await rm((await exists(this.latest.name)) ? this.latest.name : this.before.name, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

export class Books {
  private constructor(
    private readonly snapshots: Snapshots,
    private readonly openMirror: () => Promise<Mirror>,
    private readonly tell: (error: Error) => void,
    private opened: Mirror,
    private watched: Watch,
  ) {}

  /** @param tell what made it begin anew */
  static async open(
    snapshots: Snapshots,
    openMirror: () => Promise<Mirror>,
    tell: (error: Error) => void,
  ): Promise<Books> {
    const mirror = await openSound(snapshots, openMirror, tell);
    return new Books(snapshots, openMirror, tell, mirror, new Watch(mirror.ledger));
  }

  get mirror(): Mirror {
    return this.opened;
  }

  get watch(): Watch {
    return this.watched;
  }

  /** @returns whether beginning anew helps against it */
  async recover(error: unknown): Promise<boolean> {
    if (!(error instanceof ReorgTooDeep)) return false;
    this.tell(error);
    await this.snapshots.drop();
    this.opened = await openSound(this.snapshots, this.openMirror, this.tell);
    this.watched = new Watch(this.opened.ledger);
    return true;
  }
}

/** From the first snapshot that can be read. */
async function openSound(
  snapshots: Snapshots,
  openMirror: () => Promise<Mirror>,
  tell: (error: Error) => void,
): Promise<Mirror> {
  for (;;) {
    try {
      return await openMirror();
    } catch (error) {
      if (!(error instanceof DamagedStore)) throw error;
      tell(error);
      await snapshots.drop();
    }
  }
}
