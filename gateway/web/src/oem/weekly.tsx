/** The archive of the weekly reports, as they stood when each week was over (R13). */
import { Button, Empty, List } from "antd";
import { NotYet } from "@/shared/notyet";
import { useLanguage, useWords } from "@/shared/words";
import { useWeeks } from "./data";

export function Weekly() {
  const t = useWords();
  const language = useLanguage();
  const { data, error } = useWeeks();
  if (!data) return <NotYet error={error} />;
  if (!data.length) return <Empty description={t("oem.no_weeks")} />;
  return (
    <List
      size="small"
      bordered
      className="weeks"
      dataSource={data}
      renderItem={(week) => (
        <List.Item
          actions={[
            <Button
              key="pdf"
              size="small"
              href={`/api/v1/reports/weekly/${week}/paper.pdf?lang=${language}`}
              target="_blank"
            >
              PDF
            </Button>,
            <Button key="xlsx" size="small" href={`/api/v1/reports/weekly/${week}/sheet.xlsx?lang=${language}`}>
              Excel
            </Button>,
          ]}
        >
          {week}
        </List.Item>
      )}
    />
  );
}
