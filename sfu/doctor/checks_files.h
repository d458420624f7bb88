// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sfu/doctor/report.h"

namespace sfu {

struct SecretFacts {
  std::string path;
  mode_t mode = 0;  // of the file
};
// Its content was read with the configuration.
Finding JudgeSecret(const SecretFacts& facts);

// The certificate and key that the page is served with.
struct CertificateFacts {
  std::string certificate_path;
  std::string key_path;
  std::string certificate_error;  // why it could not be read; empty: it could
  std::string key_error;
  mode_t key_mode = 0;
  bool key_matches = false;
  bool self_signed = false;
  size_t chain = 0;        // certificates in the file
  int64_t not_before = 0;  // Unix seconds
  int64_t not_after = 0;
  int64_t now = 0;
  std::vector<std::string> names;    // that it is for
  std::vector<std::string> unnamed;  // of the hosts asked for
};
Finding JudgeCertificate(const CertificateFacts& facts);

// Where the certificate is, and the hosts (names or IPs) that browsers open.
// The one place that ties the flags for TLS to the check.
struct CertificateFiles {
  std::string certificate;  // empty: the page is served without TLS
  std::string key;
  std::vector<std::string> hosts;
};
CertificateFacts ReadCertificate(const CertificateFiles& files, int64_t now);

}  // namespace sfu
