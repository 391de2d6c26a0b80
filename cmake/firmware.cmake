# How firmware is compiled and linked. Included when OTA_BOARD is set.

set(OTA_LAYOUT_HEADER ${OTA_BOARD}/${OTA_LAYOUT}.h)
if(NOT EXISTS ${PROJECT_SOURCE_DIR}/boards/${OTA_LAYOUT_HEADER})
  message(FATAL_ERROR "boards/${OTA_LAYOUT_HEADER} does not exist: set "
    "OTA_BOARD and OTA_LAYOUT to a board and one of its layouts")
endif()

include(${PROJECT_SOURCE_DIR}/boards/${OTA_BOARD}/chip.cmake)

# What the layout's header says that the build depends on: an area that it lacks
# has size 0, and the slots may be on a chip of their own.
file(STRINGS ${PROJECT_SOURCE_DIR}/boards/${OTA_LAYOUT_HEADER} OTA_HAS_ARRAY
  REGEX "ARRAY_SIZE +0x")
file(STRINGS ${PROJECT_SOURCE_DIR}/boards/${OTA_LAYOUT_HEADER} OTA_HAS_SLOTS
  REGEX "SLOT_A_SIZE +0x")
file(STRINGS ${PROJECT_SOURCE_DIR}/boards/${OTA_LAYOUT_HEADER} OTA_HAS_W25Q
  REGEX "SLOT_DEVICE +w25q")

# The prefix maps keep the builder's paths out of the ELF files: the same
# source gives the same firmware anywhere.
set(OTA_CPU -mcpu=${OTA_CORE} -mthumb)
set(OTA_FIRMWARE_OPTIONS ${OTA_CPU} -g -Os -ffunction-sections -fdata-sections
  -fno-optimize-sibling-calls -fno-tree-tail-merge -fno-if-conversion
  -fno-guess-branch-probability -fno-move-loop-invariants # smaller without
  -fno-common -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
if(OTA_LTO)
  list(APPEND OTA_FIRMWARE_OPTIONS -flto -ffat-lto-objects
    -fno-inline-functions-called-once -fno-schedule-insns2)
endif()
add_compile_options(${OTA_FIRMWARE_OPTIONS})
target_compile_options(ota PRIVATE ${OTA_FIRMWARE_OPTIONS}) # exists already
# the one loop where time counts
set_source_files_properties(src/crc32.c PROPERTIES
  COMPILE_OPTIONS -fmove-loop-invariants)

# ota_linker_script(<out variable> <script.ld.in>): the script with the
# layout's numbers filled in by the preprocessor.
function(ota_linker_script out input)
  get_filename_component(name ${input} NAME_WLE)
  get_filename_component(source ${input} ABSOLUTE)
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_custom_command(OUTPUT ${script}
    COMMAND ${CMAKE_C_COMPILER} -E -P -x c
      -I ${PROJECT_SOURCE_DIR}/boards -I ${PROJECT_SOURCE_DIR}/port/stm32
      -DLAYOUT_HEADER="${OTA_LAYOUT_HEADER}" ${source} -o ${script}
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/boards/${OTA_LAYOUT_HEADER}
      ${PROJECT_SOURCE_DIR}/port/stm32/sections.ld.in
    COMMENT "Linker script ${name}"
    VERBATIM)
  set(${out} ${script} PARENT_SCOPE)
endfunction()

# ota_firmware(<name> <linker script> <source>...): <name>.elf, .bin, .hex and
# .map in the top binary directory.
function(ota_firmware name script)
  get_filename_component(script_name ${script} NAME)
  add_executable(${name} ${ARGN} ${script})
  set_target_properties(${name} PROPERTIES
    SUFFIX .elf
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
    LINK_DEPENDS ${script})
  target_link_libraries(${name} PRIVATE port board ota)
  target_link_options(${name} PRIVATE ${OTA_CPU} -fno-lto -nostartfiles
    --specs=nano.specs -T ${script} -Wl,--gc-sections -Wl,--fatal-warnings
    -Wl,--nmagic # else the ELF header is loaded below the application
    -Wl,-Map=${CMAKE_BINARY_DIR}/${name}.map)
  set(path ${CMAKE_BINARY_DIR}/${name})
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O binary ${path}.elf ${path}.bin
    COMMAND ${CMAKE_OBJCOPY} -O ihex ${path}.elf ${path}.hex
    COMMAND ${CMAKE_SIZE} ${path}.elf
    BYPRODUCTS ${path}.bin ${path}.hex ${path}.map
    VERBATIM)
endfunction()
