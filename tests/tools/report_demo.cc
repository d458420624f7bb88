// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the reports of an invented run into a folder, for eyes and for
// report_files_test.py: report_demo FOLDER [BOTS [SECONDS]].
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/tools/report_figures.h"
#include "tools/bot/report/live_view.h"
#include "tools/bot/report/report_html.h"
#include "tools/bot/report/report_json.h"
#include "tools/bot/report/report_text.h"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string folder = argv[1];
  const size_t bots = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50;
  const size_t seconds = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 120;
  const bot::RunFigures run = bot::MakeRun(bots, seconds);
  std::vector<bot::Requirement> wanted;
  const std::string error = bot::ParseRequirements(
      "joined>=48,freeze_ratio<1%,latency_ms_p99<200,sound_late_ms_p95<45",
      &wanted);
  if (!error.empty()) std::fprintf(stderr, "%s\n", error.c_str());
  std::ofstream(folder + "/run.html") << bot::ToHtml(run, wanted);
  std::ofstream(folder + "/run.json") << bot::ToJson(run, wanted);
  std::ofstream(folder + "/run.txt") << bot::ToText(run, wanted);
  std::ofstream live(folder + "/live.txt");
  for (const bot::LiveSize size :
       {bot::LiveSize{80, 24, true}, bot::LiveSize{48, 20, true},
        bot::LiveSize{80, 24, false}}) {
    for (const std::string& line :
         bot::LiveFrame(run, run.duration * 0.7, size)) {
      live << line << "\n";
    }
    live << "\n";
  }
  live << bot::PlainProgress().Next(run);
  return error.empty() ? 0 : 1;
}
