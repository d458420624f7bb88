// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ice/dtls_association.h"
#include "rtp/base/random.h"

namespace sim {

// DTLS for a world whose time is not OpenSSL's: a handshake of the same number
// of flights, lost and repeated as the real one's are, whose keys anybody could
// read. Draws all from a seeded source, so that the same seed gives the same
// keys.
class FakeIdentity : public ice::DtlsIdentity {
 public:
  // `random` must outlive the identity.
  explicit FakeIdentity(rtp::RandomSource& random);

  const std::vector<uint8_t>& sha256() const override { return sha256_; }
  std::unique_ptr<ice::DtlsAssociation> MakeAssociation(
      rtp::DtlsRole role) const override;

 private:
  rtp::RandomSource& random_;
  std::vector<uint8_t> sha256_;
};

}  // namespace sim
