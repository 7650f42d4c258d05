export function buildPackages(root: string): Promise<void> {
  return Promise.resolve(void root);
}
