// A server whose every answer tries to command the CI server that shows the log.

import { createServer } from "node:http";

/** What the server says: commands of GitHub (both ages), GitLab's sections, Azure's commands. Each would do PWNED. */
export const TEXT = [
  "",
  "::add-mask::PWNED",
  "::error file=PWNED::PWNED",
  " ::set-output name=PWNED::PWNED",
  "##[add-mask]PWNED",
  "##vso[task.setvariable variable=PWNED]PWNED",
  "\u001b[0Ksection_start:1:PWNED\r\u001b[0KPWNED",
  "\r::warning title=PWNED::PWNED",
  "\u2028::notice title=PWNED::PWNED",
  "",
].join("\n");

/** Listens on a free port of this machine until `close`. */
export async function hostile() {
  const server = createServer((_, response) => {
    response.writeHead(403, { "content-type": "text/plain; charset=utf-8" });
    response.end(TEXT);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
