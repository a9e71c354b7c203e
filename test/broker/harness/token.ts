import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PLACES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so"];

/** SoftHSM's library, when it is on this machine: VERITEE_PKCS11_MODULE, or where packages put it. */
export const PKCS11_MODULE = process.env["VERITEE_PKCS11_MODULE"] ?? PLACES.find((path) => existsSync(path));

export const WITHOUT_TOKEN = PKCS11_MODULE === undefined || spawnSync("softhsm2-util", ["--version"]).status !== 0
  ? "SKIPPED: no SoftHSM here (Debian package softhsm2; VERITEE_PKCS11_MODULE names the library elsewhere), so key stores in a token were not tested"
  : undefined;

export const PIN = "4321 with words";

/** SoftHSM in a folder of its own; must come before anything in this process loads the library. */
export async function softTokens(folder: string, labels: readonly string[]): Promise<(label: string) => string> {
  const configuration = join(folder, "softhsm2.conf");
  await mkdir(join(folder, "tokens"), { recursive: true });
  await writeFile(configuration, `directories.tokendir = ${join(folder, "tokens")}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  process.env["SOFTHSM2_CONF"] = configuration;
  for (const label of labels) addToken(label);
  return (label) => `pkcs11:token=${encodeURIComponent(label)}?module-path=${PKCS11_MODULE ?? ""}`;
}

function addToken(label: string): void {
  const { status, stderr } = spawnSync("softhsm2-util", ["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN], { encoding: "utf8" });
  if (status !== 0) throw new Error(`softhsm2-util: ${stderr}`);
}

export const deleteToken = (label: string): void => {
  const { status, stderr } = spawnSync("softhsm2-util", ["--delete-token", "--token", label], { encoding: "utf8" });
  if (status !== 0) throw new Error(`softhsm2-util: ${stderr}`);
};
