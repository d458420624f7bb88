// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/facts.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <ctime>
#include <fstream>

#include "ice/socket_address.h"
#include "sfu/worker_loop.h"

namespace sfu {
namespace {

// A UDP socket for asking the kernel what it can do.
class TrialSocket {
 public:
  TrialSocket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) fd_ = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  }
  ~TrialSocket() {
    if (fd_ >= 0) close(fd_);
  }
  TrialSocket(const TrialSocket&) = delete;
  TrialSocket& operator=(const TrialSocket&) = delete;

  bool Set(int level, int option, int value) {
    return setsockopt(fd_, level, option, &value, sizeof(value)) == 0;
  }
  // Asks for so many bytes and returns those granted. The kernel tells twice
  // that, for what it needs itself (socket(7)).
  int Grant(int option, int bytes) {
    int granted = 0;
    socklen_t size = sizeof(granted);
    Set(SOL_SOCKET, option, bytes);
    getsockopt(fd_, SOL_SOCKET, option, &granted, &size);
    return granted / 2;
  }

 private:
  int fd_;
};

// Cores' worth of time that the control group gives; nothing: all.
std::optional<double> CpuQuota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  // "max 100000" is no number, and no limit.
  if (!(file >> quota >> period) || period <= 0) return {};
  return quota / period;
}

}  // namespace

std::vector<std::string> OwnAddresses() {
  std::vector<std::string> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0) continue;
    const auto address = ice::SocketAddress::FromSockaddr(
        one->ifa_addr, one->ifa_addr->sa_family == AF_INET6
                           ? sizeof(sockaddr_in6)
                           : sizeof(sockaddr_in));
    if (address) found.push_back(address->IpToString());
  }
  freeifaddrs(all);
  return found;
}

SecretFacts ReadSecretFacts(const std::string& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return {path, status.st_mode & 07777};
}

BufferFacts ReadBuffers() {
  const WorkerLoop::Config wanted;
  TrialSocket socket;
  return {wanted.receive_buffer, socket.Grant(SO_RCVBUF, wanted.receive_buffer),
          wanted.send_buffer, socket.Grant(SO_SNDBUF, wanted.send_buffer)};
}

DescriptorFacts ReadDescriptors(const Config& config) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return {limit.rlim_cur, config.max_peers, config.workers};
}

OffloadFacts ReadOffload() {
  TrialSocket socket;
  return {socket.Set(IPPROTO_UDP, UDP_SEGMENT, 0),
          socket.Set(IPPROTO_UDP, UDP_GRO, 1)};
}

ClockFacts ReadClock() {
  ClockFacts facts;
  facts.unix_seconds = std::time(nullptr);
  timex query{};  // no modes: only asks
  if (adjtimex(&query) >= 0) {
    facts.synchronised = (query.status & STA_UNSYNC) == 0;
  }
  return facts;
}

CoreFacts ReadCores(const Config& config) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof(allowed), &allowed);
  return {config.workers, static_cast<size_t>(CPU_COUNT(&allowed)), CpuQuota(),
          config.cpus};
}

}  // namespace sfu
