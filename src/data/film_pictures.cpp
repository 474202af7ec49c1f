// SPDX-License-Identifier: MIT
#include "data/film_pictures.hpp"

#include <algorithm>
#include <vector>

#include "stgmamba/media/video.hpp"
#include "stgmamba/util/error.hpp"

#include "data/folder.hpp"

namespace stgmamba::data {

namespace fs = std::filesystem;

namespace {

/// The pictures of a folder, sorted by name.
std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".jpg" || ending == ".jpeg" || ending == ".png") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

void check_size(const fs::path& where, const media::Image& image, const Framing& framing) {
  if (image.width != framing.width || image.height != framing.height) {
    throw DataError("{}: is {}x{}, the index says {}x{}; {}", where.string(), image.width, image.height, framing.width,
                    framing.height, kCheckFolder);
  }
}

}  // namespace

void require_pictures(const fs::path& clip, const TakeInfo& info) {
  if (!fs::is_directory(clip / kFramesFolder) && !fs::is_regular_file(clip / kVideoFile)) {
    throw DataError("{}: is missing, and the index says that take '{}' is filmed; {}", (clip / kVideoFile).string(),
                    info.id, kCheckFolder);
  }
}

void for_pictures(const fs::path& clip, const TakeInfo& info, const std::set<std::int64_t>& wanted,
                  const std::function<void(std::int64_t, const media::Image&)>& take) {
  if (fs::is_directory(clip / kFramesFolder)) {
    const std::vector<fs::path> files = pictures_in(clip / kFramesFolder);
    if (std::ssize(files) != info.frames) {
      throw DataError("{}: {} pictures (jpg or png) for {} poses; {}", (clip / kFramesFolder).string(), files.size(),
                      info.frames, kCheckFolder);
    }
    for (const std::int64_t frame : wanted) {
      const fs::path& file = files[static_cast<std::size_t>(frame)];
      const media::Image image = media::load_image(file);
      check_size(file, image, info.framing);
      take(frame, image);
    }
    return;
  }
  media::VideoReader reader(clip / kVideoFile);
  media::Image image;
  double seconds = 0.0;
  auto next = wanted.begin();
  for (std::int64_t frame = 0; next != wanted.end(); ++frame) {
    if (!reader.next(image, seconds)) {
      throw DataError("{}: ends after {} frames, the index says {}; {}", (clip / kVideoFile).string(), frame,
                      info.frames, kCheckFolder);
    }
    if (frame == *next) {
      check_size(clip / kVideoFile, image, info.framing);
      take(frame, image);
      ++next;
    }
  }
}

}  // namespace stgmamba::data
