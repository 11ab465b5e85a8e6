/** What the desktop pages share: Ant Design in the house's compact form, the data client, the bar at the top. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App, ConfigProvider, theme as themes } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/en-gb";
import "dayjs/locale/zh-cn";
import type { ReactNode } from "react";
import { Problem } from "./api";
import "./base.css";
import "./desk.css";
import "./states.css";
import { Gate, LanguageSwitch, SignOutButton } from "./gate";
import { mountPage } from "./mount";
import { type Role, useSession } from "./session";
import { setTheme, useTheme } from "./theme";
import { useLanguage, useWords } from "./words";

/** The page's own nonce: the only style elements that its policy lets in. */
const NONCE = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

const RETRIES = 3;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one; only a missing answer is worth asking again.
      retry: (failures, error) => !(error instanceof Problem) && failures < RETRIES,
    },
  },
});

export function mountDesk(title: string, roles: readonly Role[], page: ReactNode): void {
  mountPage(
    <Desk title={title} roles={roles}>
      {page}
    </Desk>,
  );
}

function Desk({ title, roles, children }: { title: string; roles: readonly Role[]; children: ReactNode }) {
  const language = useLanguage();
  const theme = useTheme();
  dayjs.locale(language === "zh" ? "zh-cn" : "en-gb"); // the calendar's months and days
  return (
    <ConfigProvider
      locale={language === "zh" ? zhCN : enGB}
      csp={{ nonce: NONCE }}
      theme={{
        algorithm: theme === "dark" ? [themes.darkAlgorithm, themes.compactAlgorithm] : [themes.compactAlgorithm],
        // Its own blue is too dark for letters on dark ground.
        components: theme === "dark" ? { Tabs: { itemSelectedColor: "#8ab8ff", itemHoverColor: "#8ab8ff" } } : {},
        token: { fontFamily: "inherit", borderRadius: 4, colorPrimary: theme === "dark" ? "#3c89e8" : "#1668dc" },
      }}
    >
      <App className="desk-app">
        <QueryClientProvider client={client}>
          <Gate title={title} roles={roles}>
            {children}
          </Gate>
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}

export interface Place {
  href: string;
  word: string;
}

/** The bar at the top: where one is, where else one may go, what the page has to say, who one is. */
export function TopBar({
  title,
  places = [],
  children,
}: {
  title: string;
  places?: readonly Place[];
  children?: ReactNode;
}) {
  const t = useWords();
  const { who } = useSession();
  const theme = useTheme();
  return (
    <header className="top">
      <h1 className="top-title">
        <img src="/mark.svg" alt="" width={18} height={18} />
        {t(title)}
      </h1>
      {places.length ? (
        <nav className="top-places" aria-label={t("page.places")}>
          {places.map((place) => (
            <a key={place.href} href={place.href} aria-current={location.pathname === place.href ? "page" : undefined}>
              {t(place.word)}
            </a>
          ))}
        </nav>
      ) : null}
      <div className="top-middle">{children}</div>
      <button
        type="button"
        className="language"
        aria-label={t(theme === "dark" ? "page.light" : "page.dark")}
        title={t(theme === "dark" ? "page.light" : "page.dark")}
        onClick={() => setTheme(theme === "dark" ? "light" : "dark")}
      >
        {theme === "dark" ? "☀" : "☾"}
      </button>
      <LanguageSwitch />
      <span className="top-who">{who ? `${who.username} · ${t(`role.${who.role}`)}` : ""}</span>
      <SignOutButton />
    </header>
  );
}
