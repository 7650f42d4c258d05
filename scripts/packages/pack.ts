// What somebody gets who installs the packages: tarballs of `npm pack`, unpacked into a project outside of the repository.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Manifest } from "./compile.js";

/** Programs that use a package, by its folder's name. */
const USES = "test/pack";

/** Nobody would notice if an importable package did not work. */
export class UseMissing extends Error {
  override readonly name = "UseMissing";
  constructor(
    readonly packageName: string,
    readonly file: string,
  ) {
    super(`${packageName} is used by no program: write ${file}`);
  }
}

/** A command does not say how to use it. */
export class CommandSilent extends Error {
  override readonly name = "CommandSilent";
  constructor(
    readonly command: string,
    readonly said: string,
  ) {
    super(`${command} --help said: ${said}`);
  }
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-consumer-"));

  constructor(private readonly root: string) {
    this.write("package.json", `{ "name": "consumer", "private": true, "type": "module" }\n`);
    this.link("@types/node");
  }

  /** Packs a package and unpacks it where npm would install it, beside what it says it needs. */
  install(folder: string): void {
    const { name, dependencies = {}, peerDependencies = {} } = manifestOf(folder);
    const [tarball = ""] = this.run("npm", "pack", "--silent", "--ignore-scripts", folder).trim().split("\n").slice(-1);
    const target = join(this.folder, "node_modules", name);
    mkdirSync(target, { recursive: true });
    this.run("tar", "-xzf", tarball, "-C", target, "--strip-components=1");
    for (const each of Object.keys({ ...dependencies, ...peerDependencies }))
      if (!each.startsWith("@ballast/")) this.link(each);
  }

  /** Runs the programs that use these packages, as ES modules and as CommonJS, and asks their commands for help. */
  use(folders: readonly string[]): void {
    const files = folders.flatMap((folder) => this.programsOf(folder));
    this.compile(files);
    for (const file of files) this.node(file.replace(/ts$/, "js"));
    for (const folder of folders) this.useCommands(folder);
  }

  private programsOf(folder: string): string[] {
    const { name, exports } = manifestOf(folder);
    if (exports === undefined) return [];
    const file = join(USES, `${basename(folder)}.ts`);
    if (!existsSync(join(this.root, file))) throw new UseMissing(name, file);
    const kinds = Object.values(exports).every((entry) => entry.require !== undefined) ? ["mts", "cts"] : ["mts"];
    const programs = kinds.map((ending) => `${basename(folder)}.${ending}`);
    for (const program of programs) this.write(program, readFileSync(join(this.root, file), "utf8"));
    return programs;
  }

  private useCommands(folder: string): void {
    const { name, bin = {} } = manifestOf(folder);
    for (const [command, file] of Object.entries(bin)) {
      const said = this.node(join("node_modules", name, file), "--help");
      if (!said.includes(`Usage: ${command}`)) throw new CommandSilent(command, said);
    }
  }

  private link(name: string): void {
    const link = join(this.folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(this.root, "node_modules", name), link);
  }

  private write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What a program prints; its errors go to the terminal. */
  private run(program: string, ...args: string[]): string {
    const stdio = ["ignore", "pipe", "inherit"] as ["ignore", "pipe", "inherit"];
    return execFileSync(program, args, { cwd: this.folder, encoding: "utf8", stdio });
  }

  private node(file: string, ...args: string[]): string {
    return this.run(process.execPath, file, ...args);
  }

  /** The ending of a file says which kind of module it becomes. */
  private compile(files: readonly string[]): void {
    const options = { module: "nodenext", target: "es2022", strict: true, types: ["node"], skipLibCheck: true };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions: options, files }));
    this.node(join(this.root, "node_modules/typescript/bin/tsc"), "-p", ".");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
