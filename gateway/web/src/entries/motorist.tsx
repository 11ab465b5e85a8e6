import motorist from "@words/motorist.json";
import page from "@words/page.json";
import states from "@words/states.json";
import { MotoristPage } from "@/motorist/page";
import { mountPage } from "@/shared/mount";
import { registerWords } from "@/shared/words";

registerWords(motorist, page, states);
mountPage(<MotoristPage />);
