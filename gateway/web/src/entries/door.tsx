import page from "@words/page.json";
import states from "@words/states.json";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { DoorPage } from "@/door/page";
import { registerWords } from "@/shared/words";

registerWords(page, states);
const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");
createRoot(root).render(
  <StrictMode>
    <DoorPage />
  </StrictMode>,
);
