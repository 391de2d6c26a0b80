# What the build must know of the board's chip: STM32F103C8.
set(OTA_PORT stm32/f1) # its generation's folder, in port/
set(OTA_CHIP f103)     # its vectors_<chip>.c there
set(OTA_CORE cortex-m3)
set(OTA_CRC_UNIT ON) # port/stm32/crc32.c drives it
