// Reads Twilio's error codes from the table of docs/migrating.md, which says what to do about each.

import { readFileSync } from 'node:fs';

/**
 * @param {string} file docs/migrating.md
 * @returns {{codes: number[], advice: string}[]}
 */
export function readCodes(file) {
  const text = readFileSync(file, 'utf8');
  const rows = [...text.matchAll(/^\| (\d{5}(?:, \d{5})*) \| (.+) \|$/gm)];
  if (rows.length === 0) {
    throw new Error(`${file} has no table of error codes`);
  }
  return rows.map(([, codes, advice]) => ({
    codes: codes.split(', ').map(Number),
    advice: advice.replaceAll('`', ''),
  }));
}
