/** The door of every page: children are shown to those who may see them, and stay as they are while one signs in anew. */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Offline, Problem, whyNot } from "./api";
import "./base.css";
import { learnFaults } from "./faults";
import { assumeSession, HOME, lookUpSession, type Role, signIn, signOut, useSession } from "./session";
import { setLanguage, useLanguage, useWords } from "./words";

const AGAIN_MS = 2000;

interface Door {
  /** The word for what the page is: over the sign-in, and the window's own title. */
  title: string;
  roles: readonly Role[];
  /** The page is of use without a connection, to whoever was signed in last. */
  offline?: boolean;
  children: ReactNode;
}

export function Gate({ title, roles, offline, children }: Door) {
  const t = useWords();
  useEffect(() => {
    document.title = `${t(title)} · Nearside`;
  }, [t, title]);
  const { state, who, epoch } = useSession();
  useEffect(() => {
    let timer: number | undefined;
    const look = () => {
      lookUpSession().catch(() => {
        if (offline) assumeSession();
        timer = window.setTimeout(look, AGAIN_MS); // nobody answers: ask again
      });
    };
    look();
    return () => window.clearTimeout(timer);
  }, [offline]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each sign-in anew
  useEffect(() => {
    if (state !== "in") return;
    learnFaults().catch((error: unknown) => {
      if (!(error instanceof Offline || error instanceof Problem)) throw error; // else the names stay as they were
    });
  }, [state, epoch]);
  if (state === "unknown") return <p className="sign-in-cover">{t("page.loading")}</p>;
  if (state === "out" || !who) return <SignIn title={title} />;
  if (!roles.includes(who.role)) return <ElsewherePlease role={who.role} />;
  return (
    <>
      {children}
      {state === "lost" ? <SignIn title={title} over username={who.username} /> : null}
    </>
  );
}

function ElsewherePlease({ role }: { role: Role }) {
  const t = useWords();
  return (
    <div className="sign-in-cover">
      <div className="sign-in">
        <h1>{t("page.not_yours")}</h1>
        <p>{t("page.your_role", { role: t(`role.${role}`) })}</p>
        <a href={HOME[role]}>{t("page.to_your_page")}</a>
        <SignOutButton />
      </div>
    </div>
  );
}

/** `over`: the page below is kept, and whoever was signed in signs in again. */
function SignIn({ title, over = false, username = "" }: { title: string; over?: boolean; username?: string }) {
  const t = useWords();
  if (!over) {
    return (
      <main className="sign-in-cover">
        <SignInForm title={title} username={username} />
      </main>
    );
  }
  return (
    <div className="sign-in-cover" data-over role="dialog" aria-modal aria-label={t("page.sign_in")}>
      <SignInForm title={title} username={username} told={t("page.session_over")} />
    </div>
  );
}

function SignInForm({ title, username, told }: { title: string; username: string; told?: string }) {
  const t = useWords();
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>(username ? "[type=password]" : "input")?.focus();
  }, [username]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    setBusy(true);
    setWrong("");
    try {
      await signIn(String(typed.get("username")), String(typed.get("password")));
    } catch (error) {
      const unknown = error instanceof Problem && error.code === "not_signed_in";
      setWrong(unknown ? t("page.wrong_password") : whyNot(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="sign-in" ref={form} onSubmit={(event) => void submit(event)}>
      <h1>
        <img src="/mark.svg" alt="" width={22} height={22} />
        {t(title)}
      </h1>
      {told ? <p>{told}</p> : null}
      <label>
        {t("page.username")}
        <input name="username" autoComplete="username" required maxLength={80} defaultValue={username} />
      </label>
      <label>
        {t("page.password")}
        <input name="password" type="password" autoComplete="current-password" required maxLength={256} />
      </label>
      <div role="alert">{wrong}</div>
      <button type="submit" disabled={busy}>
        {t("page.sign_in")}
      </button>
      <LanguageSwitch />
    </form>
  );
}

export function SignOutButton() {
  const t = useWords();
  const [wrong, setWrong] = useState("");
  return (
    <>
      {wrong ? <span role="alert">{wrong}</span> : null}
      <button
        type="button"
        className="language"
        onClick={() => {
          signOut().catch((error: unknown) => setWrong(whyNot(error)));
        }}
      >
        {t("page.sign_out")}
      </button>
    </>
  );
}

export function LanguageSwitch() {
  const language = useLanguage();
  return (
    <button
      type="button"
      className="language"
      lang={language === "zh" ? "en" : "zh-CN"}
      onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
    >
      {language === "zh" ? "English" : "中文"}
    </button>
  );
}
