// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/checks_machine.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <ctime>

namespace sfu {
namespace {

// Of the listeners, as HttpServer bounds them. A page holds one descriptor
// here and one towards the XMPP server.
constexpr uint64_t kPages = 1024;
constexpr uint64_t kAdminConnections = 64;
constexpr uint64_t kPerWorker = 4;
constexpr uint64_t kOthers = 64;

// Before this program was written no clock is right: 2026-01-01.
constexpr int64_t kEarliest = 1'767'225'600;

std::string Mebibytes(int bytes) {
  return absl::StrFormat("%.3g MiB", bytes / 1048576.0);
}

std::string Utc(int64_t unix_seconds) {
  const time_t seconds = unix_seconds;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const size_t size =
      strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts);
  return {text, size};
}

}  // namespace

Finding JudgeBuffers(const BufferFacts& facts) {
  std::string settings;
  if (facts.receive_granted < facts.receive_wanted) {
    absl::StrAppend(&settings, " net.core.rmem_max=", facts.receive_wanted);
  }
  if (facts.send_granted < facts.send_wanted) {
    absl::StrAppend(&settings, " net.core.wmem_max=", facts.send_wanted);
  }
  std::string seen = absl::StrCat("receive ", Mebibytes(facts.receive_granted),
                                  " of ", Mebibytes(facts.receive_wanted),
                                  ", send ", Mebibytes(facts.send_granted),
                                  " of ", Mebibytes(facts.send_wanted));
  if (settings.empty()) return Ok("buffers", std::move(seen));
  return Warning("buffers", seen + ": bursts of many people lose packets",
                 "sysctl -w" + settings +
                     "; to keep it, write it into "
                     "/etc/sysctl.d/90-carillon.conf");
}

uint64_t DescriptorsNeeded(const DescriptorFacts& facts) {
  return 2 * std::min<uint64_t>(facts.max_peers, kPages) + kAdminConnections +
         kPerWorker * facts.workers + kOthers;
}

Finding JudgeDescriptors(const DescriptorFacts& facts) {
  const uint64_t needed = DescriptorsNeeded(facts);
  std::string seen =
      absl::StrCat(facts.limit, " open files, ", needed, " may be needed");
  if (facts.limit >= needed) return Ok("files", std::move(seen));
  return Warning(
      "files", seen + ": pages beyond that cannot connect",
      absl::StrCat("LimitNOFILE=", std::max<uint64_t>(needed, 4096),
                   " in the systemd unit, or ulimit -n ",
                   std::max<uint64_t>(needed, 4096), " before the start"));
}

Finding JudgeOffload(const OffloadFacts& facts) {
  if (facts.gso && facts.gro) {
    return Ok("offload", "the kernel sends and takes UDP in batches");
  }
  return Warning("offload",
                 absl::StrCat("the kernel has no UDP ",
                              facts.gso   ? "GRO"
                              : facts.gro ? "GSO"
                                          : "GSO nor GRO",
                              ": media costs several times the CPU"),
                 "use a kernel of 5.0 or newer, such as Debian 12's");
}

Finding JudgeClock(const ClockFacts& facts) {
  const std::string now = Utc(facts.unix_seconds);
  constexpr char kRemedy[] =
      "install chrony or systemd-timesyncd, then see timedatectl; in a "
      "container or guest: on its host";
  if (facts.unix_seconds < kEarliest) {
    return Failed("clock", "it says " + now + ", which is over", kRemedy);
  }
  if (!facts.synchronised) return Ok("clock", now);
  if (*facts.synchronised) return Ok("clock", now + ", synchronised");
  return Warning("clock", now + ", not synchronised by the network", kRemedy);
}

Finding JudgeCores(const CoreFacts& facts) {
  std::string seen =
      absl::StrCat(facts.workers, facts.workers == 1 ? " worker" : " workers",
                   " on ", facts.cores, facts.cores == 1 ? " core" : " cores");
  if (facts.quota) {
    absl::StrAppend(&seen, ", with the time of ",
                    absl::StrFormat("%.2g", *facts.quota));
  }
  std::vector<int> cpus = facts.cpus;
  std::sort(cpus.begin(), cpus.end());
  const auto twice = std::adjacent_find(cpus.begin(), cpus.end());
  if (twice != cpus.end()) {
    return Warning(
        "cores",
        absl::StrCat("--cpus gives processor ", *twice, " to two workers"),
        "give each its own, or leave --cpus empty");
  }
  const double usable =
      std::min(static_cast<double>(facts.cores),
               facts.quota.value_or(static_cast<double>(facts.cores)));
  if (static_cast<double>(facts.workers) > std::max(usable, 1.0)) {
    return Warning(
        "cores", seen + ": they take turns, and media waits",
        absl::StrCat("--workers=", std::max<int>(1, static_cast<int>(usable)),
                     ", or give this machine more cores"));
  }
  return Ok("cores", std::move(seen));
}

}  // namespace sfu
