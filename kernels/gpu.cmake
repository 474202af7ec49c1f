# The kernels on a GPU: planning always, kernels where there is a CUDA compiler, the emulation where there are tests.
set(stg_gpu_kernels block/gpu/gated_norm.cu scan/gpu/backward.cu scan/gpu/finish.cu scan/gpu/forward.cu)
target_sources(stgmamba_kernels PRIVATE block/gpu/plan.cpp scan/gpu/plan.cpp)
if(STG_HAVE_CUDA)
  target_sources(stgmamba_kernels PRIVATE ${stg_gpu_kernels})
  # Denormals are flushed as on the CPU.
  set_source_files_properties(${stg_gpu_kernels} PROPERTIES COMPILE_OPTIONS -ftz=true)
  target_compile_definitions(stgmamba_kernels PUBLIC STG_HAVE_CUDA=1)
  # The runtime is the one that LibTorch brings, or the toolkit's.
  set_target_properties(stgmamba_kernels PROPERTIES CUDA_RUNTIME_LIBRARY None)
  target_link_libraries(stgmamba_kernels PUBLIC stg_cudart)
endif()
if(STG_BUILD_TESTS)
  add_subdirectory(emulation)
endif()
