// SPDX-License-Identifier: MIT
#include "stgmamba/image_metrics/frames.hpp"

#include <algorithm>

#include <torch/torch.h>

#include "stgmamba/util/check.hpp"

namespace stgmamba::image_metrics {

at::Tensor to_frames(const std::vector<media::Image>& pictures) {
  STG_CHECK(!pictures.empty(), "[to_frames] needs a picture");
  std::vector<at::Tensor> frames;
  for (const media::Image& picture : pictures) {
    STG_CHECK(picture.width == pictures[0].width && picture.height == pictures[0].height,
              "[to_frames] pictures must be of one size, got {}x{} after {}x{}", picture.width, picture.height,
              pictures[0].width, pictures[0].height);
    const at::Tensor rows = torch::from_blob(const_cast<std::uint8_t*>(picture.pixels.data()),
                                             {picture.height, picture.width, 3}, torch::kUInt8);  // [H, W, 3]
    frames.push_back(rows.permute({2, 0, 1}));                                                    // [3, H, W]
  }
  return torch::stack(frames);  // copies
}

media::Image to_picture(const at::Tensor& frame) {
  STG_CHECK(frame.dim() == 3 && frame.size(0) == 3 && frame.scalar_type() == torch::kUInt8,
            "[to_picture] the frame must be uint8 [3, H, W], got {}", fmt::join(frame.sizes(), "x"));
  media::Image picture(static_cast<int>(frame.size(2)), static_cast<int>(frame.size(1)));
  const at::Tensor rows = frame.permute({1, 2, 0}).contiguous().cpu();  // [H, W, 3]
  std::copy_n(rows.const_data_ptr<std::uint8_t>(), picture.pixels.size(), picture.pixels.begin());
  return picture;
}

at::Tensor in_batches(const at::Tensor& x, std::int64_t batch,
                      const std::function<at::Tensor(const at::Tensor&)>& call) {
  STG_CHECK(x.size(0) > 0 && batch > 0, "[in_batches] needs rows and a batch size, got {} and {}", x.size(0), batch);
  const torch::NoGradGuard no_grad;
  std::vector<at::Tensor> outputs;
  for (std::int64_t first = 0; first < x.size(0); first += batch) {
    const std::int64_t count = std::min(batch, x.size(0) - first);
    at::Tensor part = x.narrow(0, first, count);
    if (count < batch && first > 0) {
      part = torch::cat({part, part.narrow(0, count - 1, 1).repeat_interleave(batch - count, 0)});
    }
    outputs.push_back(call(part).narrow(0, 0, count));
  }
  return torch::cat(outputs);
}

}  // namespace stgmamba::image_metrics
