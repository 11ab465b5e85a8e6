import page from "@words/page.json";
import states from "@words/states.json";
import { DoorPage } from "@/door/page";
import { mountPage } from "@/shared/mount";
import { registerWords } from "@/shared/words";

registerWords(page, states);
mountPage(<DoorPage />);
