// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/doctor.h"

#include <absl/flags/reflection.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "sfu/config.h"
#include "sfu/doctor/facts.h"
#include "sfu/doctor/options.h"
#include "sfu/doctor/reach.h"
#include "sfu/doctor/report.h"
#include "sfu/http_server.h"
#include "sfu/static_files.h"

namespace sfu {
namespace {

constexpr char kHelp[] =
    R"(carillon doctor [the server's flags]   checks this machine and its set-up
  --json                 prints JSON instead of lines
  --listen[=SECONDS]     answers --probe at the media ports, to see whether
                         they are reached from elsewhere
  --probe=HOST:PORTS     run elsewhere: asks those ports, as 10000-10003;
                         needs no other flags
  --certificate=FILE --key=FILE
                         checks these too, of a TLS proxy before the page
  --page_host=NAME       the name by which browsers open the page, to be in
                         the certificate
docs/doctor.md tells what is checked.
)";

// A flag of the server that Config does not keep; empty if there is none.
std::string FlagValue(const char* name) {
  const absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
  return flag == nullptr ? "" : flag->CurrentValue();
}

// Prints findings as they come, or all at the end as JSON.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  void Add(Finding finding) {
    if (!json_) {
      std::printf("%s\n", ToLine(finding).c_str());
      std::fflush(stdout);
    }
    findings_.push_back(std::move(finding));
  }
  // Returns the exit code.
  int End() const {
    std::printf("%s\n",
                json_ ? ToJson(findings_).c_str() : Summary(findings_).c_str());
    return ExitCode(findings_);
  }

 private:
  const bool json_;
  std::vector<Finding> findings_;
};

void CheckListener(const char* flag, const std::string& ip, uint16_t port,
                   Report* report) {
  if (ip.empty()) return report->Add(Ok(flag, "none"));
  boost::asio::io_context context;
  HttpServer::Config config;
  config.ip = ip;
  config.port = port;
  config.flag = flag;
  HttpServer server(
      context, config, [](const HttpRequest&) { return HttpResponse(); },
      nullptr);
  const std::string error = server.Open();
  const std::string where = ToString(Endpoint{ip, port});
  if (error.empty()) return report->Add(Ok(flag, where + " is free"));
  report->Add(Failed(flag, error, "see whose it is: ss -lntp"));
}

void CheckPage(const Config& config, Report* report) {
  if (config.page_dir.empty()) return report->Add(Ok("page", "none is served"));
  std::string error;
  const auto files = StaticFiles::Load(config.page_dir, &error);
  if (!files) {
    return report->Add(Failed("page", "--page_dir: " + error,
                              "name the directory of the built page"));
  }
  if (files->Find("/index.html") == nullptr) {
    return report->Add(Failed("page", config.page_dir + " has no index.html",
                              "name the directory of the built page, dist"));
  }
  report->Add(Ok("page", config.page_dir + " has an index.html"));
}

void CheckCertificate(const Config& config, const DoctorOptions& options,
                      int64_t now, Report* report) {
  CertificateFiles files{config.tls_certificate, config.tls_key, {}};
  if (!options.page_host.empty()) files.hosts.push_back(options.page_host);
  const bool own = !files.certificate.empty();
  if (own) report->Add(JudgeCertificate(ReadCertificate(files, now)));
  if (!options.certificate.empty()) {
    files.certificate = options.certificate;
    files.key = options.key;
    report->Add(JudgeCertificate(ReadCertificate(files, now)));
  } else if (!own) {
    report->Add(Ok("certificate",
                   "none: browsers give camera and microphone to this "
                   "machine's own page only, unless a TLS proxy is before it "
                   "(to check its: --certificate, --key)"));
  }
}

// All that the network has a part in.
void CheckLinks(const Config& config, Report* report) {
  const ReportFinding add = [report](Finding finding) {
    report->Add(std::move(finding));
  };
  const ServerFacts server = AskServer(config);
  if (auto finding = JudgeServer(config, server)) add(*finding);
  StunResponder responder;
  const bool running = server.is_carillon;
  const bool free = !running && OpenMediaPorts(config, &responder, add);
  if (free || LacksComponentLink(server)) {
    add(JudgeComponent(config, TryComponent(config)));
  } else if (!running) {
    add(Warning("component",
                "not tried: if a Carillon holds the media ports, a second "
                "link would end its own",
                "free the ports, or let doctor find the server by "
                "--admin_listen"));
  }
  for (const Finding& finding : JudgeGuest(config, TryGuest(config))) {
    add(finding);
  }
  for (const Finding& finding :
       JudgeAddresses({config.advertise, config.media_address,
                       config.http_listen_ip, OwnAddresses()})) {
    add(finding);
  }
  if (running || free)
    CheckHairpin(config, running ? nullptr : &responder, add);
  if (running) return;
  CheckListener("http_listen", config.http_listen_ip, config.http_port, report);
  if (!config.http_redirect_ip.empty()) {
    CheckListener("http_redirect_listen", config.http_redirect_ip,
                  config.http_redirect_port, report);
  }
  if (server.answered) return;  // another program's, as was said
  CheckListener("admin_listen", config.admin_listen_ip, config.admin_port,
                report);
}

void CheckAll(const Config& config, const DoctorOptions& options,
              Report* report) {
  report->Add(Ok("configuration", "can be used"));
  report->Add(JudgeSecret(ReadSecretFacts(FlagValue("component_secret_file"))));
  CheckLinks(config, report);
  CheckPage(config, report);
  const ClockFacts clock = ReadClock();
  CheckCertificate(config, options, clock.unix_seconds, report);
  report->Add(JudgeBuffers(ReadBuffers()));
  report->Add(JudgeDescriptors(ReadDescriptors(config)));
  report->Add(JudgeOffload(ReadOffload()));
  report->Add(JudgeCores(ReadCores(config)));
  report->Add(JudgeClock(clock));
}

int Examine(int argc, char** argv) {
  const DoctorOptions options =
      ParseDoctorOptions(std::vector<std::string>(argv + 2, argv + argc));
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (!options.error.empty()) {
    std::fprintf(stderr, "carillon doctor: %s\n", options.error.c_str());
    return 2;
  }
  Report report(options.json);
  const ReportFinding add = [&report](Finding finding) {
    report.Add(std::move(finding));
  };
  if (options.probe) {
    ProbePorts(*options.probe, add);
    return report.End();
  }
  std::vector<std::string> rest = options.rest;
  std::vector<char*> words = {argv[0]};
  for (std::string& word : rest) words.push_back(word.data());
  const absl::StatusOr<Config> config =
      ParseConfig(static_cast<int>(words.size()), words.data());
  if (!config.ok()) {
    add(Failed("configuration", std::string(config.status().message()), ""));
  } else if (options.listen) {
    ListenForProbes(*config, *options.listen, add);
  } else {
    CheckAll(*config, options, &report);
  }
  return report.End();
}

}  // namespace

int RunDoctor(int argc, char** argv) {
  try {
    return Examine(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "carillon doctor: %s\n", exception.what());
    return 1;
  }
}

}  // namespace sfu
