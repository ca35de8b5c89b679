// What both programs in TypeScript do beside calling the API.
export function must<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error) ?? String(answer.error));
  return answer.data;
}

export function equal(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${String(found)} instead of ${String(expected)}`);
}

export async function codeFor(url: string, email: string): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const mailbox = (await (await fetch(`${url}/dev/mailbox.json`)).json()) as {
      messages: { to: string; codes: string[] }[];
    };
    const code = mailbox.messages.find((mail) => mail.to === email)?.codes[0];
    if (code) return code;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no mail with a code");
}
