// SPDX-License-Identifier: GPL-3.0-or-later
//
// Datagrams for a DTLS endpoint: a byte that selects its role, then each
// datagram behind its length in two bytes.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ice/certificate.h"
#include "ice/dtls_endpoint.h"
#include "rtp/base/bytes.h"
#include "rtp/base/check.h"
#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"

namespace ice {
namespace {

void TakeAndCheck(DtlsEndpoint& endpoint) {
  for (const auto& datagram : endpoint.TakeDatagrams()) {
    SFU_CHECK(!datagram.empty() && datagram.size() <= DtlsEndpoint::kMtu);
  }
}

void Fuzz(std::span<const uint8_t> bytes) {
  static const std::unique_ptr<Certificate> kCertificate = Certificate::Make();
  SFU_CHECK(kCertificate != nullptr);
  rtp::ByteReader reader(bytes);
  DtlsEndpoint endpoint(*kCertificate, (reader.U8() & 1) != 0
                                           ? rtp::DtlsRole::kActive
                                           : rtp::DtlsRole::kPassive);
  // Our own: no stranger has its key, so whatever comes, keys must not.
  endpoint.SetRemoteFingerprint({"sha-256", kCertificate->sha256()});
  rtp::Timestamp now{std::chrono::seconds(1)};
  endpoint.Start(now);
  TakeAndCheck(endpoint);
  while (reader.remaining() > 2) {
    const size_t length = reader.U16();
    endpoint.HandleDatagram(now, reader.remaining() < length
                                     ? reader.Rest()
                                     : reader.Bytes(length));
    TakeAndCheck(endpoint);
    now += std::chrono::milliseconds(20);
    if (endpoint.NextDeadline() <= now) endpoint.HandleTimeout(now);
    TakeAndCheck(endpoint);
  }
  SFU_CHECK(!endpoint.keys() &&
            endpoint.state() != DtlsEndpoint::State::kConnected);
  endpoint.Close();
  TakeAndCheck(endpoint);
}

}  // namespace
}  // namespace ice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ice::Fuzz({data, size});
  return 0;
}
