// Keeps the phone's page at hand without a connection. What was done meanwhile is the page's own business (its outbox).

const KEPT = "dealer-1";
const PAGE = "/dealer";

self.addEventListener("install", (event) => event.waitUntil(keepPage().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(freshPage(event.request));
  else if (pathname.startsWith("/static/") || pathname === "/mark.svg") event.respondWith(keptFile(event.request));
});

// The page, and every file that it names: all of them are needed to begin without a connection.
async function keepPage() {
  const page = await fetch(PAGE, { cache: "no-store" });
  if (!page.ok) throw new Error(`the page is not to be had: ${page.status}`);
  const kept = await caches.open(KEPT);
  const named = [...(await page.clone().text()).matchAll(/"(\/static\/[^"]+)"/g)].map((match) => match[1]);
  await kept.addAll([...new Set([...named, "/mark.svg"])]);
  await kept.put(PAGE, page);
}

async function freshPage(request) {
  try {
    const page = await fetch(request);
    // A new edition of the page brings its files with it.
    if (page.ok) keepPage().catch(() => undefined);
    return page;
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function keptFile(request) {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok) await (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
}
