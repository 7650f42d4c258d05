// What somebody gets who installs the packages: tarballs of `npm pack`, unpacked into a project outside of the repository.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What consumers install besides. */
const OTHERS = ["viem", "ethers", "commander", "zod", "abitype", "@types/node", "undici-types"];

export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-consumer-"));

  constructor(private readonly root: string) {
    this.write("package.json", `{ "name": "consumer", "private": true, "type": "module" }\n`);
    for (const name of OTHERS) {
      const link = join(this.folder, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, "node_modules", name), link);
    }
  }

  /** Packs a package and unpacks it where npm would install it. */
  install(folder: string): void {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string };
    const [tarball = ""] = this.run("npm", "pack", "--silent", "--ignore-scripts", folder).trim().split("\n").slice(-1);
    const target = join(this.folder, "node_modules", name);
    mkdirSync(target, { recursive: true });
    this.run("tar", "-xzf", tarball, "-C", target, "--strip-components=1");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What a program prints; its errors go to the terminal. */
  run(program: string, ...args: string[]): string {
    const stdio = ["ignore", "pipe", "inherit"] as ["ignore", "pipe", "inherit"];
    return execFileSync(program, args, { cwd: this.folder, encoding: "utf8", stdio });
  }

  node(file: string, ...args: string[]): string {
    return this.run(process.execPath, file, ...args);
  }

  /** Checks types as a project of either module kind does. */
  check(...files: string[]): void {
    const options = { module: "nodenext", target: "es2022", strict: true, noEmit: true, types: ["node"] };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true }, files }));
    this.run(process.execPath, join(this.root, "node_modules/typescript/bin/tsc"), "-p", ".");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
