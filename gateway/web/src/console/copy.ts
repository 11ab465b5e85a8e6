/** A list as Excel takes it from the clipboard: a line a row, a tab between cells. */
export async function copyRows(rows: readonly (readonly (string | number)[])[]): Promise<void> {
  await navigator.clipboard.writeText(rows.map((row) => row.map(cell).join("\t")).join("\n"));
}

/** What begins like a formula is told to be text, for it was typed by anybody. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const line = value.replace(/[\t\r\n]+/g, " ");
  return /^[=+\-@]/.test(line) ? `'${line}` : line;
}
