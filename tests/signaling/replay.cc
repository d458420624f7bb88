// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/signaling/replay.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "rtp/base/check.h"

namespace signaling {
namespace {

const std::filesystem::path kHere =
    std::filesystem::path(CARILLON_SOURCE_DIR) / "tests" / "signaling";

std::optional<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::filesystem::path> XmlFiles(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".xml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The value of an attribute of the first tag in `xml`, as it is written there.
std::string AttributeIn(std::string_view xml, std::string_view name) {
  xml = xml.substr(0, xml.find('>'));
  for (const char quote : {'\'', '"'}) {
    const std::string begin = " " + std::string(name) + "=" + quote;
    const size_t at = xml.find(begin);
    if (at == std::string_view::npos) continue;
    xml.remove_prefix(at + begin.size());
    return std::string(xml.substr(0, xml.find(quote)));
  }
  return {};
}

// The lines that are not in both, in order, by their longest common part.
std::string Difference(const std::vector<std::string>& kept,
                       const std::vector<std::string>& seen) {
  const size_t rows = kept.size();
  const size_t columns = seen.size();
  std::vector<std::vector<size_t>> common(rows + 1,
                                          std::vector<size_t>(columns + 1));
  for (size_t i = rows; i-- > 0;) {
    for (size_t j = columns; j-- > 0;) {
      common[i][j] = kept[i] == seen[j]
                         ? common[i + 1][j + 1] + 1
                         : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string out;
  for (size_t i = 0, j = 0; i < rows || j < columns;) {
    if (i < rows && j < columns && kept[i] == seen[j]) {
      ++i;
      ++j;
    } else if (j == columns ||
               (i < rows && common[i + 1][j] >= common[i][j + 1])) {
      out += std::to_string(i + 1) + " - " + kept[i] + "\n";
      ++i;
    } else {
      out += std::to_string(i + 1) + " + " + seen[j] + "\n";
      ++j;
    }
  }
  return out;
}

}  // namespace

Wire::Wire(std::string domain)
    : domain_(std::move(domain)),
      stream_({XmppStream::Config::Mode::kComponent, domain_, "", "secret"},
              *this) {
  Begin();
}

void Wire::Begin() {
  ++streams_;
  stream_.Start();
  stream_.HandleBytes(
      "<stream:stream xmlns='jabber:component:accept' "
      "xmlns:stream='http://etherx.jabber.org/streams' from='" +
      domain_ + "' id='1'>");
  stream_.HandleBytes("<handshake/>");
  SFU_CHECK(stream_.ready());
}

std::vector<Stanza> Wire::Read(std::string_view bytes) {
  if (!stream_.ready()) Begin();
  stream_.HandleBytes(bytes);
  return std::exchange(stanzas_, {});
}

void Wire::Restart() {
  stream_.HandleDisconnect();
  Begin();
}

std::vector<RejectedStanza> Wire::TakeRejected() {
  return std::exchange(rejected_, {});
}

void Wire::OnXmppWrite(std::string_view /*bytes*/) {}
void Wire::OnXmppReady(const Jid& /*self*/) {}
void Wire::OnXmppStanza(Stanza stanza) {
  stanzas_.push_back(std::move(stanza));
}
void Wire::OnXmppRejected(const RejectedStanza& stanza) {
  rejected_.push_back(stanza);
}
void Wire::OnXmppClosed(const std::string& reason) { why_closed_ = reason; }

std::vector<std::filesystem::path> CaptureFiles() {
  return XmlFiles(kHere / "captures");
}

std::vector<std::string> GoldenNames() {
  std::vector<std::string> names;
  for (const auto& path : XmlFiles(kHere / "goldens")) {
    names.push_back(path.stem());
  }
  return names;
}

std::vector<Recorded> ReadCapture(const std::filesystem::path& path) {
  const std::optional<std::string> text = ReadFile(path);
  SFU_CHECK(text.has_value());
  std::vector<Recorded> recording;
  std::string said;
  for (const std::string& line : Lines(*text)) {
    if (line.starts_with("<!--")) {
      said = line.substr(4, line.find("-->") - 4);
      // The time does not tell who it is.
      if (const size_t at = said.find("session "); at != std::string::npos) {
        said.erase(0, at);
      }
      std::erase(said, ' ');
      recording.push_back({said, {}});
      continue;
    }
    if (line.empty()) continue;
    SFU_CHECK(!recording.empty());
    Recorded& last = recording.back();
    last.xml += last.xml.empty() ? line : "\n" + line;
  }
  std::erase_if(recording, [](const Recorded& r) { return r.xml.empty(); });
  for (Recorded& recorded : recording) {
    const std::string from = AttributeIn(recorded.xml, "from");
    if (!from.empty()) recorded.party = from;
  }
  return recording;
}

std::string Pretty(const XmlElement& element, size_t indent,
                   std::string_view parent_ns) {
  const std::string margin(indent, ' ');
  // By the server's own writer, so that these are its words.
  XmlElement alone = element;
  alone.children.clear();
  std::string out = margin + Serialize(alone, parent_ns);
  if (element.children.empty()) return out + "\n";
  if (out.ends_with("/>")) {
    out.replace(out.size() - 2, 2, ">");
  } else {
    out.resize(out.rfind("</"));
  }
  out += "\n";
  for (const XmlElement& child : element.children) {
    out += Pretty(child, indent + 1, element.ns);
  }
  return out + margin + "</" + element.name + ">\n";
}

std::string CompareGolden(const std::string& name, const std::string& text) {
  const std::filesystem::path path = kHere / "goldens" / (name + ".xml");
  const char* update = std::getenv("CARILLON_UPDATE_GOLDENS");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream file(path, std::ios::binary);
    file << text;
    return file.good() ? "" : "cannot write " + path.string();
  }
  const std::optional<std::string> kept = ReadFile(path);
  if (!kept) {
    return "no tests/signaling/goldens/" + name +
           ".xml: make it with CARILLON_UPDATE_GOLDENS=1, and read it";
  }
  if (*kept == text) return {};
  return "tests/signaling/goldens/" + name +
         ".xml has the lines with -, this run has those with +:\n" +
         Difference(Lines(*kept), Lines(text));
}

}  // namespace signaling
