/** Fields that choose from what is on record, by its name. */
import { Select, type SelectProps } from "antd";
import { toolText } from "@/shared/faults";
import { useDealers, useDealersByCode } from "@/shared/network";
import { useWords } from "@/shared/words";
import { useRules } from "./data";

export const BY_LABEL = { optionFilterProp: "label" };

/** A dealer's code with its name, which is what people know. */
export function DealerName({ code }: { code: string | null }) {
  const known = useDealersByCode();
  const name = code && known.get(code)?.name;
  return name ? `${code} ${name}` : code;
}

export function DealerSelect(props: SelectProps<string>) {
  const { data = [] } = useDealers();
  const options = data.map(({ code, name }) => ({ value: code, label: `${code} ${name}` }));
  return <Select<string> showSearch={BY_LABEL} options={options} {...props} />;
}

interface ToolSelectProps {
  of: "tools" | "parts";
  id?: string;
  value?: string[];
  onChange?: (codes: string[]) => void;
}

/** Tools or parts: those of the fault table by name, chosen or typed; any other one is kept as it is typed. */
export function ToolSelect({ of, onChange, ...props }: ToolSelectProps) {
  useWords();
  const { data } = useRules();
  const codes = new Set(data?.faults.flatMap((fault) => fault[of]));
  const options = [...codes].map((code) => ({ value: code, label: toolText(code) }));
  const codeOf = (said: string): string => options.find(({ label }) => label === said)?.value ?? said;
  return (
    <Select<string[]>
      mode="tags"
      showSearch={BY_LABEL}
      defaultActiveFirstOption={false} // else the Tab that leaves the field chooses it
      options={options}
      onChange={(said) => onChange?.([...new Set(said.map(codeOf))])}
      {...props}
    />
  );
}
